import { reopen } from "../components/operations/reopen/command";
import { request } from "../components/operations/reopen/request";
import { run } from "./frame";

void run(request, reopen);
