using Larder.Orchestrations.Scoring.Activities;

namespace Larder.Orchestrations.Scoring;

/// <summary>How far a scoring is.</summary>
/// <param name="Chunks">Chunks of the data set.</param>
/// <param name="Rows">Rows of the data set.</param>
/// <param name="Next">The next chunk to begin, from 0.</param>
/// <param name="Done">Chunks that are done.</param>
/// <param name="Scored">Rows of these.</param>
/// <param name="Errors">Rows of these that could not be scored.</param>
/// <param name="FirstErrorRow">The first of them, from 1.</param>
/// <param name="FirstError">Why it could not.</param>
public sealed record ScoringProgress(
    int Chunks, long Rows, int Next = 0, int Done = 0, long Scored = 0, long Errors = 0, long FirstErrorRow = 0, string? FirstError = null)
{
    /// <summary>The same with a chunk more.</summary>
    internal ScoringProgress With(ScoreChunk.Result chunk)
    {
        var isFirst = chunk.FirstError is not null && (FirstError is null || chunk.FirstErrorRow < FirstErrorRow);
        return this with
        {
            Done = Done + 1,
            Scored = Scored + chunk.Rows,
            Errors = Errors + chunk.Errors,
            FirstErrorRow = isFirst ? chunk.FirstErrorRow : FirstErrorRow,
            FirstError = isFirst ? chunk.FirstError : FirstError,
        };
    }

    /// <summary>It in a sentence.</summary>
    internal string Sentence() => FormattableString.Invariant($"{Done} of {Chunks} chunks, {Scored} of {Rows} rows, {Errors} of them with an error.");
}

/// <summary>Input of the <see cref="ScoreDataset"/> orchestration: what it needs to decide, and, when it goes on as new, how far it is.</summary>
/// <param name="Job">The job's id, which is the instance's too.</param>
/// <param name="Parallel">Chunks at the same time.</param>
/// <param name="MaxErrors">Rows that may fail; null for any number.</param>
/// <param name="Progress">How far it is; null in the beginning.</param>
public sealed record ScoringInput(string Job, int Parallel, long? MaxErrors, ScoringProgress? Progress = null);
