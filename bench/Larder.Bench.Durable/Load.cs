namespace Larder.Bench.Durable;

/// <summary>What is run: some orchestrations at once, each of some steps.</summary>
/// <param name="Text">What the report calls it.</param>
/// <param name="Orchestrator">The orchestrator: a function of <see cref="Steps"/>.</param>
/// <param name="Instances">How many at once.</param>
/// <param name="Count">Activities of each.</param>
internal sealed record Load(string Text, string Orchestrator, int Instances, int Count)
{
    public int Steps => Instances * Count;
}
