const theme = localStorage.getItem("armful.theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
