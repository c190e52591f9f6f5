import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import "@fontsource-variable/geist";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/notices.css";
import "./styles/tables.css";
import "./styles/forms.css";
import "./styles/page.css";
import "./styles/shell.css";
import { createQueryClient } from "./api";
import { App } from "./app";
import { rootPath } from "./root-path";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <BrowserRouter basename={`${rootPath}/dashboard`}>
        <App />
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
