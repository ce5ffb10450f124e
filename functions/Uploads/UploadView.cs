using Larder.Registry.Uploads;

namespace Larder.Functions.Uploads;

/// <summary>An upload session as the API shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Model">The model.</param>
/// <param name="Kind">What is uploaded.</param>
/// <param name="FileName">What the client calls the file.</param>
/// <param name="SizeBytes">How many bytes were announced.</param>
/// <param name="Url">Where the blocks go; null when it has expired, or nothing can be uploaded any more.</param>
/// <param name="BlockSize">Bytes of a block.</param>
/// <param name="CommittedBytes">How many bytes were committed so far.</param>
/// <param name="Created">When it began.</param>
/// <param name="Expires">When the URL ends.</param>
/// <param name="Job">The job that takes it in.</param>
/// <param name="Dataset">How jobs name it when that has succeeded; null for a model.</param>
internal sealed record UploadView(
    string Id,
    string Model,
    UploadKind Kind,
    string? FileName,
    long? SizeBytes,
    Uri? Url,
    int BlockSize,
    long CommittedBytes,
    DateTimeOffset Created,
    DateTimeOffset Expires,
    string? Job,
    string? Dataset)
{
    /// <summary>The view of a session.</summary>
    public static UploadView Of(UploadSession session, Uri? url, long committed, UploadSessionOptions options) => new(
        session.Id,
        session.Model,
        session.Kind,
        session.FileName,
        session.SizeBytes,
        url,
        options.BlockBytes,
        committed,
        session.Created,
        session.Expires,
        session.Job,
        session.Kind == UploadKind.Dataset ? Registry.Datasets.Dataset.AddressOf(session.Model, session.FileName!) : null);
}
