/** The page at `/`, and for now at every path of the web app. */
import { element } from "./ask.ts";
import { checkAvailability } from "./availability.ts";
import { watchHealth } from "./health.ts";
import { showPlans } from "./plans.ts";

element("elsewhere").hidden = location.pathname === "/";
checkAvailability();
showPlans();
watchHealth();
