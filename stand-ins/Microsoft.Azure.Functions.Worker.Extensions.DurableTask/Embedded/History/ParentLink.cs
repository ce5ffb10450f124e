namespace Microsoft.DurableTask.Embedded;

/// <summary>Who called an orchestration, and where its result goes.</summary>
/// <param name="Name">The caller's orchestrator.</param>
/// <param name="Instance">The caller's id.</param>
/// <param name="Execution">The caller's execution.</param>
/// <param name="Generation">The caller's generation.</param>
/// <param name="TaskId">The decision.</param>
internal sealed record ParentLink(string Name, string Instance, string Execution, int Generation, int TaskId);
