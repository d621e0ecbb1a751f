// Before the first paint, so that a chosen theme never flashes. A file of its own: nothing runs inline.
try {
  const theme = localStorage.getItem("berth.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be off: the system's theme then.
}
