import { restoreByHand, typed } from "../components/operations/restore/command";
import { request } from "../components/operations/restore/request";
import { run } from "./frame";

void run(request, restoreByHand, { typed });
