using Larder.Registry.Errors;
using Larder.Registry.Text;

namespace Larder.Registry.Jobs.Files;

/// <summary>What is known about a job's file without reading it.</summary>
/// <param name="Path">Relative, with forward slashes.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="ETag">Opaque; another one after every write.</param>
/// <param name="LastModified">When it was written, by the clock of the store.</param>
public sealed record JobFile(string Path, long SizeBytes, string ETag, DateTimeOffset LastModified);

/// <summary>Where a job's files are.</summary>
/// <param name="Job">The job's id. There may be no such job (any more).</param>
/// <param name="Created">When the place was made, by the clock of the store.</param>
public sealed record JobFolder(string Job, DateTimeOffset Created);

/// <summary>
/// Names of a job's files. The job's script chooses some of them, and <c>..</c> in a storage URL would lead out of the container.
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
        IsValid(path) ? path : throw new InvalidRequestException($"{Quoted.Text(path)} is not the path of a job's file.");
}

/// <summary>What a URL of a job's file is good for.</summary>
[Flags]
public enum JobFileAccess
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Reading it.</summary>
    Read = 1,

    /// <summary>Writing it if it is not there.</summary>
    Create = 2,

    /// <summary>Writing it, also in the place of what is there.</summary>
    Write = 4,

    /// <summary>Adding to the end of an append blob that is there.</summary>
    Add = 8,
}
