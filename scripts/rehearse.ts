import { runRehearsal } from "../components/operations/rehearsal/command";
import { request } from "../components/operations/rehearsal/request";
import { run } from "./frame";

void run(request, runRehearsal);
