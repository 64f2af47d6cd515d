import { trust, typed } from "../components/operations/trust/command";
import { request } from "../components/operations/trust/request";
import { run } from "./frame";

void run(request, trust, { typed });
