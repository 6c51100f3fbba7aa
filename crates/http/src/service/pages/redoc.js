const fonts = { fontFamily: "system-ui, sans-serif" };
Redoc.init(
  document.currentScript.dataset.openapi,
  { theme: { typography: { ...fonts, headings: fonts } } },
  document.getElementById("redoc"),
);
