import { type JsonTestResults, JsonReporter, type TestModule } from "vitest/node";

/** The result of a run, as Vitest's JSON reporter writes it, with the time that each file took. */
export interface TestReport extends Omit<JsonTestResults, "testResults"> {
  readonly testResults: readonly (JsonTestResults["testResults"][number] & { readonly seconds: number })[];
}

/**
 * Adds the time of each file. Vitest's reporter has only the times of tests, without `beforeAll`, which may install a
 * stack.
 */
export default class Report extends JsonReporter {
  private readonly seconds = new Map<string, number>();

  public override async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    for (const module of modules) {
      const { duration, collectDuration, setupDuration } = module.diagnostic();
      this.seconds.set(module.moduleId, (duration + collectDuration + setupDuration) / 1000);
    }
    await super.onTestRunEnd(modules);
  }

  public override async writeReport(report: string): Promise<void> {
    const results = JSON.parse(report) as JsonTestResults;
    const testResults = results.testResults.map((file) => ({ ...file, seconds: this.seconds.get(file.name) ?? 0 }));
    await super.writeReport(JSON.stringify({ ...results, testResults } satisfies TestReport));
  }
}
