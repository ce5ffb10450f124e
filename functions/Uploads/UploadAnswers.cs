using Larder.Contracts;
using Larder.Functions.Http;
using Larder.Registry.Datasets;
using Larder.Registry.Uploads;

namespace Larder.Functions.Uploads;

/// <summary>Maps uploads in blocks to what answers show.</summary>
internal static class UploadAnswers
{
    /// <summary>An upload.</summary>
    /// <param name="session">The session.</param>
    /// <param name="url">The URL that blocks are put to; null when it has expired or the upload is complete.</param>
    /// <param name="committed">Bytes that are committed.</param>
    /// <param name="options">The settings of uploads.</param>
    public static UploadDetails Of(UploadSession session, Uri? url, long committed, UploadSessionOptions options) => new()
    {
        Id = session.Id,
        Model = session.Model,
        Kind = WireNames.Of(session.Kind),
        FileName = session.FileName,
        SizeBytes = session.SizeBytes,
        Url = url,
        BlockSize = options.BlockBytes,
        CommittedBytes = committed,
        Created = session.Created,
        Expires = session.Expires,
        Job = session.Job,
        Dataset = session.Kind == UploadKind.Dataset ? Dataset.AddressOf(session.Model, session.FileName!) : null,
    };
}
