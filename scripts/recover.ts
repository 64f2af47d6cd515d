import { recover } from "../components/operations/recovery/command";
import { request } from "../components/operations/recovery/request";
import { run } from "./frame";

void run(request, recover);
