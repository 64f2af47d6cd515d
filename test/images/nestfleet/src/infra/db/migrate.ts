import { readEnvironment } from "../environment";
import { run } from "../process";
import { migrate } from "./migrations";

run(async () => {
  await migrate(readEnvironment(process.env).databaseUrl);
});
