namespace Microsoft.DurableTask.Embedded;

/// <summary>An activity that is to run.</summary>
/// <param name="Instance">Who wants its result.</param>
/// <param name="Execution">The execution that decided it.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Decision">Which activity, on what.</param>
internal sealed record ActivityWork(Instance Instance, string Execution, int Generation, Decision Decision);
