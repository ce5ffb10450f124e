using System.Text.Json;

namespace Larder.Client;

/// <summary>A training to start: a script, and a data set that is either sent or named.</summary>
public sealed class TrainingSubmission
{
    /// <summary>The Python script.</summary>
    public required FilePart Script { get; init; }

    /// <summary>The data set, when it is sent.</summary>
    public FilePart? Dataset { get; init; }

    /// <summary>The data set's address, when the server has it: <c>datasets/model/file</c>, <c>uploads/path</c> or a URL.</summary>
    public string? DatasetAddress { get; init; }

    /// <summary>A requirements.txt; null for none.</summary>
    public FilePart? Requirements { get; init; }

    /// <summary>Options, a JSON object as the type <c>train</c> of <see cref="JobsClient.ListTypesAsync"/> describes it; null for the defaults.</summary>
    public JsonElement? Options { get; init; }

    /// <summary>A repeated request with the same key is answered with the job of the first. Without one, the client makes a new one.</summary>
    public string? IdempotencyKey { get; init; }
}
