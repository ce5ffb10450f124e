namespace Larder.Functions.Hosting;

/// <summary>Larder's functions that had another name in an earlier release.</summary>
public static class RenamedFunctions
{
    /// <summary>
    /// Former names, each with the present one. A key (<c>FunctionKeys:NAME</c>) that is called so still opens that function, and no other; blobs that were handled under
    /// a former name are not handled again.
    /// </summary>
    public static IReadOnlyDictionary<string, string> FormerNames { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["NothingHere"] = "ZzUnknownPath",
        ["ListInformation"] = "AllInformation",
        ["DownloadJobOutput"] = "ReadJobOutput",
        ["IngestUpload"] = "IngestUploadByPolling",
        ["ScoreDroppedFile"] = "ScoreDroppedFileByPolling",
    };
}
