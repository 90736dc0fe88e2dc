// Before the first paint: "auto" follows the system, whatever it changes to.
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const wish = root.dataset.theme;
    root.dataset.bsTheme = wish === "auto" ? (dark.matches ? "dark" : "light") : wish;
  };
  show();
  dark.addEventListener("change", show);
  addEventListener("dakiya:theme", show);
}
