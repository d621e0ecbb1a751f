/** The web app: its routes, each a page of its own file that is loaded when it is gone to. */
import "./app.css";
import { Route, Router } from "@solidjs/router";
import { lazy } from "solid-js";
import { render } from "solid-js/web";
import { Shell } from "./components/shell.tsx";
import { lazyPage } from "./lib/page/lazy-page.ts";

const TenantPages = lazyPage(() => import("./components/tenant-pages.tsx"));

const SandboxBar = __SANDBOX__ ? lazy(() => import("./sandbox/bar.tsx")) : null;

const app = document.getElementById("app");
if (!app) throw new Error("the page has no #app");

render(
  () => (
    <Router root={(props) => <Shell below={SandboxBar}>{props.children}</Shell>}>
      <Route path="/" component={lazyPage(() => import("./pages/home.tsx"))} />
      <Route path="/login" component={lazyPage(() => import("./pages/login.tsx"))} />
      <Route path="/join/:token" component={lazyPage(() => import("./pages/join.tsx"))} />
      <Route component={TenantPages}>
        <Route path="/relays/new" component={lazyPage(() => import("./pages/new-relay.tsx"))} />
        <Route path="/relays" component={lazyPage(() => import("./pages/relays.tsx"))} />
        <Route path="/relays/:id" component={lazyPage(() => import("./pages/relay.tsx"))} />
        <Route
          path="/relays/:id/edit"
          component={lazyPage(() => import("./pages/edit-relay.tsx"))}
        />
        <Route path="/account" component={lazyPage(() => import("./pages/account.tsx"))} />
      </Route>
      <Route path="*" component={lazyPage(() => import("./pages/not-found.tsx"))} />
    </Router>
  ),
  app,
);
