// The view of a node whose element stays, and shows what the node says now.
export function redrawn(node, dom, show) {
  show(node);
  return {
    dom,
    update(next) {
      if (next.type !== node.type) return false;
      show(next);
      return true;
    },
  };
}
