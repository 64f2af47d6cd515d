import { applyCaddyfile } from "../components/operations/caddyfile/command";
import { request } from "../components/operations/caddyfile/request";
import { run } from "./frame";

void run(request, applyCaddyfile);
