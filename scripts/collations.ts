import { refreshDatabaseCollations } from "../components/operations/collations/command";
import { request } from "../components/operations/collations/request";
import { run } from "./frame";

void run(request, refreshDatabaseCollations);
