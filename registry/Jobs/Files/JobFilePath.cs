using Larder.Registry.Errors;
using Larder.Registry.Models;

namespace Larder.Registry.Jobs.Files;

/// <summary>
/// Names of a job's files. Whoever runs in a job chooses some of them, and a storage URL in which <c>..</c> stands leads elsewhere.
/// </summary>
public static class JobFilePath
{
    // A blob's name has at most 1024; escaping in URLs does not count.
    private const int MaxLength = 1024;

    /// <summary>
    /// Whether a text is a relative path with forward slashes, without empty parts, <c>.</c> and <c>..</c>, backslashes and control characters,
    /// and no part of it ends with a dot.
    /// </summary>
    public static bool IsValid(string? path) =>
        path is { Length: > 0 and <= MaxLength }
        && !path.Any(c => char.IsControl(c) || c == '\\')
        && path.Split('/').All(part => part.Length > 0 && part[^1] != '.');

    internal static string Validated(string path) =>
        IsValid(path) ? path : throw new InvalidRequestException($"{ModelName.Shown(path)} is not the path of a job's file.");
}
