import { restoreRelease } from "../components/operations/restore-release/command";
import { request } from "../components/operations/restore-release/request";
import { run } from "./frame";

void run(request, restoreRelease);
