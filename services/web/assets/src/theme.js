// Before the first paint: what is for pages without scripts goes (.without-scripts), and the theme
// "auto" follows the system, whatever it changes to.
{
  const root = document.documentElement;
  root.dataset.scripts = "";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const wish = root.dataset.theme;
    root.dataset.bsTheme = wish === "auto" ? (dark.matches ? "dark" : "light") : wish;
  };
  show();
  dark.addEventListener("change", show);
  addEventListener("dakiya:theme", show);
}
