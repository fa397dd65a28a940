// Runs before the first paint, so that a chosen appearance never flashes the other one.
try {
  const theme = localStorage.getItem('starling.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's appearance holds.
}
