import { recreate } from "../components/operations/recreate/command";
import { request } from "../components/operations/recreate/request";
import { run } from "./frame";

void run(request, recreate);
