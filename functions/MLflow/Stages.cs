using Larder.Registry.Errors;
using Larder.Registry.Models;

namespace Larder.Functions.MLflow;

/// <summary>
/// MLflow's stages as aliases of their names: a version is in the stage Production while the alias <c>production</c> points at it. An alias points at one version, so each stage but None has one at most.
/// </summary>
internal static class Stages
{
    /// <summary>The stage of a version that has no alias of a stage.</summary>
    public const string None = "None";

    /// <summary>The alias of what was in a stage before.</summary>
    public const string ArchivedAlias = "archived";

    // Of a version that has several of the aliases, the first counts.
    private static readonly string[] Named = ["Production", "Staging", "Archived"];

    /// <summary>All stages.</summary>
    public static IReadOnlyList<string> All { get; } = [None, "Staging", "Production", "Archived"];

    /// <summary>The aliases of all stages.</summary>
    public static IReadOnlyList<string> Aliases { get; } = [.. Named.Select(AliasOf).OfType<string>()];

    /// <summary>The alias of a stage; null for None.</summary>
    public static string? AliasOf(string stage) => stage == None ? null : stage.ToLowerInvariant();

    /// <summary>A stage as it is written, whatever the case of a caller's text.</summary>
    /// <exception cref="InvalidRequestException">There is no such stage.</exception>
    public static string Parse(string text) => All.FirstOrDefault(stage => stage.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidRequestException($"Invalid Model Version stage: {text}. Value must be one of {string.Join(", ", All)}.");

    /// <summary>Refuses to archive what is in a stage from which nothing is archived.</summary>
    /// <exception cref="InvalidRequestException">It is one.</exception>
    public static void RequireActive(string stage)
    {
        if (stage is None or "Archived")
            throw new InvalidRequestException($"Model version transition cannot archive existing model versions because '{stage}' is not an Active stage. Valid stages are ['Staging', 'Production']");
    }

    /// <summary>The stage of a version.</summary>
    public static string Of(Model model, int version) => Named.FirstOrDefault(stage => model.Target(AliasOf(stage)!) == version) ?? None;
}
