// Making a campaign: upload with progress, the preview, the echo of a time.
import { install as countdown } from "./compose/countdown.js";
import { install as keeping } from "./compose/keeping.js";
import { install as preview } from "./compose/preview.js";
import { install as reviewChecks } from "./compose/review-checks.js";
import { install as upload } from "./compose/upload.js";
import { install as when } from "./compose/when.js";

for (const install of [upload, preview, keeping, when, countdown, reviewChecks]) install();
