namespace Larder.Registry.Jobs;

/// <summary>A step of a job.</summary>
/// <param name="Name">Which: <c>wait</c>, <c>stage</c>, <c>start</c>, <c>run</c>, <c>collect</c>, <c>find</c>, <c>validate</c>, <c>compile</c>, <c>register</c>, <c>gate</c>, <c>report</c>, <c>clean_up</c>;
/// of a scoring <c>fetch</c>, <c>plan</c>, <c>score</c>, <c>merge</c>, <c>clean_up</c>.</param>
/// <param name="Attempt">In which attempt; 0 for those that belong to none.</param>
/// <param name="Started">When it began.</param>
/// <param name="Finished">When it ended; null while it runs.</param>
/// <param name="Detail">What came of it, in a sentence, when there is something to say.</param>
public sealed record JobStep(string Name, int Attempt, DateTimeOffset Started, DateTimeOffset? Finished = null, string? Detail = null);
