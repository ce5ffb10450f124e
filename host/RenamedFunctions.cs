namespace Larder.Host;

/// <summary>Larder's functions that had another name in an earlier release.</summary>
internal static class RenamedFunctions
{
    /// <summary>Former names, each with the present one. A function key with a former name still opens that function and no other; a receipt of a blob under a former name still counts.</summary>
    public static IReadOnlyDictionary<string, string> FormerNames { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["NothingHere"] = "ZzUnknownPath",
        ["ListInformation"] = "AllInformation",
        ["DownloadJobOutput"] = "ReadJobOutput",
        ["IngestUpload"] = "IngestUploadByPolling",
        ["ScoreDroppedFile"] = "ScoreDroppedFileByPolling",
    };
}
