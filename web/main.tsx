/** The web app: its routes, each a page of its own file that is loaded when it is gone to. */
import "./app.css";
import { Route, Router } from "@solidjs/router";
import { lazy } from "solid-js";
import { render } from "solid-js/web";
import { Shell } from "./components/shell.tsx";

const TenantPages = lazy(() => import("./components/tenant-pages.tsx"));

const app = document.getElementById("app");
if (!app) throw new Error("the page has no #app");

render(
  () => (
    <Router root={Shell}>
      <Route path="/" component={lazy(() => import("./pages/home.tsx"))} />
      <Route path="/login" component={lazy(() => import("./pages/login.tsx"))} />
      <Route path="/relays/new" component={lazy(() => import("./pages/new-relay.tsx"))} />
      <Route component={TenantPages}>
        <Route path="/relays" component={lazy(() => import("./pages/relays.tsx"))} />
        <Route path="/relays/:id" component={lazy(() => import("./pages/relay.tsx"))} />
        <Route path="/relays/:id/edit" component={lazy(() => import("./pages/edit-relay.tsx"))} />
        <Route path="/account" component={lazy(() => import("./pages/account.tsx"))} />
      </Route>
      <Route path="*" component={lazy(() => import("./pages/not-found.tsx"))} />
    </Router>
  ),
  app,
);
