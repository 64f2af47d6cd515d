import { PatientClient } from "./lib/patient-client";
import { endHold } from "./lib/paused";
import { run } from "./lib/run";
import { persistently } from "./lib/undoing";
import { request } from "./requests/reopen";

/** The database answers again: the requests that were held for it go to who had them before. */
void run(request, async ({ dockerHost, caddy }) => {
  await persistently(() => endHold(new PatientClient(dockerHost), caddy));
  return undefined;
});
