namespace Microsoft.DurableTask.Embedded;

/// <summary>Which orchestration it is.</summary>
/// <param name="Name">Its orchestrator.</param>
/// <param name="Instance">Its id.</param>
/// <param name="Execution">Its execution.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Version">Its version.</param>
/// <param name="Parent">Who called it.</param>
/// <param name="Input">Its input.</param>
internal sealed record OrchestrationIdentity(
    string Name, string Instance, string Execution, int Generation, string Version, ParentOrchestrationInstance? Parent, string? Input);
