using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Larder.Orchestrations.Jobs;
using Larder.Registry.Errors;
using Larder.Registry.Publishing;

namespace Larder.Functions.Training;

/// <summary>A training as JSON: the script as text, and a data set that is somewhere else.</summary>
internal sealed record TrainBody
{
    /// <summary>What it should be, for messages.</summary>
    public const string Expected = "{script:string, requirements:string, dataset:string, options:object}";

    /// <summary>The script.</summary>
    [JsonRequired]
    public string Script { get; init; } = "";

    /// <summary>What pip installs.</summary>
    public string? Requirements { get; init; }

    /// <summary>Where the data set is.</summary>
    [JsonRequired]
    public string Dataset { get; init; } = "";

    /// <summary>What it is told.</summary>
    public JsonElement Options { get; init; }

    /// <summary>Writes the texts to the staging area, as the files of a form are.</summary>
    /// <returns>The files, to be disposed of.</returns>
    /// <exception cref="InvalidRequestException">The script is empty.</exception>
    /// <exception cref="TooLargeException">One is over its limit.</exception>
    public async Task<IReadOnlyList<(string Name, string FileName, StagedFile File)>> StageAsync(
        StagingArea staging, JobLimits limits, CancellationToken cancellationToken)
    {
        if (Script.Length == 0)
            throw new InvalidRequestException("The training script is empty.");
        var files = new List<(string, string, StagedFile File)>();
        try
        {
            files.Add(("script", "script.py", await AddAsync("script", Script)));
            if (!string.IsNullOrEmpty(Requirements))
                files.Add(("requirements", "requirements.txt", await AddAsync("requirements", Requirements)));
            return files;
        }
        catch
        {
            foreach (var (_, _, file) in files)
                await file.DisposeAsync();
            throw;
        }

        Task<StagedFile> AddAsync(string name, string text)
        {
            var content = Encoding.UTF8.GetBytes(text);
            return staging.AddAsync(new MemoryStream(content), name, limits.ScriptBytes, content.Length, cancellationToken);
        }
    }
}
