import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` serves the dashboard from its sources and forwards API requests to the armful at ARMFUL_URL.
const armful = process.env.ARMFUL_URL ?? "http://127.0.0.1:8000";
const api = ["/variants", "/standings", "/experiments", "/live", "/keys", "/power", "/health"];

export default defineConfig({
  base: "/dashboard/",
  // Below a path prefix, only armful knows the address of index.html. Everything else finds its files by relative paths.
  experimental: {
    renderBuiltUrl: (_, { hostType }) => (hostType === "html" ? undefined : { relative: true }),
  },
  plugins: [react()],
  build: {
    outDir: "../python/armful/static/dashboard",
    emptyOutDir: true,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"], // the first versions that support light-dark()
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
  },
  server: { proxy: Object.fromEntries(api.map((path) => [path, armful])) },
});
