// What every page behind the log-in loads. A page's own module is another file of src/.
import "htmx.org";
import { install as confirming } from "./lib/confirm.js";
import { install as copying } from "./lib/copy.js";
import { install as forms } from "./lib/forms.js";
import { install as fragments } from "./lib/fragments.js";
import { install as live } from "./lib/live.js";
import { install as menus } from "./lib/menus.js";
import { install as shortcuts } from "./lib/shortcuts.js";
import { install as theme } from "./lib/theme-switch.js";

const parts = [theme, menus, confirming, copying, forms, fragments, shortcuts, live];
for (const install of parts) install();
