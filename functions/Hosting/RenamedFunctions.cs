namespace Larder.Functions.Hosting;

/// <summary>Functions that had another name in an earlier release.</summary>
public static class RenamedFunctions
{
    /// <summary>
    /// Former names, each with the present one. A function key (<c>FunctionKeys:NAME</c>) with a former name still opens that function, and no other. The self-host reads
    /// the blob receipts of a former name too, so that it does not handle blobs a second time. A setting <c>AzureWebJobs.NAME.Disabled</c> with a former name keeps the
    /// server from starting (<see cref="RenamedSettings"/>).
    /// </summary>
    public static IReadOnlyDictionary<string, string> FormerNames { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["NothingHere"] = "ZzUnknownPath",
        ["ListInformation"] = "AllInformation",
        ["DownloadJobOutput"] = "ReadJobOutput",
        ["IngestUpload"] = "IngestUploadByPolling",
        ["ScoreDroppedFile"] = "ScoreDroppedFileByPolling",
        ["TendJobs"] = "ReconcileJobs",
        ["Sweep"] = "CollectGarbage",
        ["SweepUploads"] = "CollectUploadGarbage",
    };
}
