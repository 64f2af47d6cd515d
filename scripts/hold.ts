import { holdForPostgres } from "../components/operations/hold/command";
import { request } from "../components/operations/hold/request";
import { run } from "./frame";

void run(request, holdForPostgres);
