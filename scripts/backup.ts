import { backUp, typed } from "../components/operations/backup/command";
import { request } from "../components/operations/backup/request";
import { run } from "./frame";

void run(request, backUp, { typed });
