import { copy, typed } from "../components/operations/copy/command";
import { request } from "../components/operations/copy/request";
import { run } from "./frame";

void run(request, copy, { typed });
