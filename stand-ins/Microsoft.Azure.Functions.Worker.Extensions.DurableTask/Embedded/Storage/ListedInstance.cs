using Microsoft.DurableTask.Client;

namespace Microsoft.DurableTask.Embedded;

/// <summary>What a listing says of an instance, without its document being read.</summary>
/// <param name="Instance">Its id.</param>
/// <param name="Name">Its orchestrator.</param>
/// <param name="Status">How far it is.</param>
/// <param name="Created">When it was scheduled.</param>
/// <param name="Updated">When it last changed.</param>
/// <param name="IsActive">Whether a host has something to do for it.</param>
/// <param name="HasTags">Whether it has tags.</param>
internal sealed record ListedInstance(
    string Instance, string Name, OrchestrationRuntimeStatus Status, DateTimeOffset Created, DateTimeOffset Updated, bool IsActive, bool HasTags)
{
    private const string NameKey = "name";
    private const string StatusKey = "status";
    private const string CreatedKey = "created";
    private const string UpdatedKey = "updated";
    private const string ActiveKey = "active";
    private const string TagsKey = "tags";

    /// <summary>What a document's blob says of it in its metadata, which must be ASCII.</summary>
    public static Dictionary<string, string> Metadata(InstanceDocument document) => new()
    {
        [NameKey] = Uri.EscapeDataString(document.Name),
        [StatusKey] = $"{document.Status}",
        [CreatedKey] = $"{document.Created:O}",
        [UpdatedKey] = $"{document.Updated:O}",
        [ActiveKey] = document.IsActive ? "1" : "0",
        [TagsKey] = document.Tags is { Count: > 0 } ? "1" : "0",
    };

    /// <summary>Reads a blob's metadata.</summary>
    public static ListedInstance Read(string blob, IDictionary<string, string> metadata) => new(
        BlobNames.InstanceOf(blob),
        Uri.UnescapeDataString(metadata[NameKey]),
        Enum.Parse<OrchestrationRuntimeStatus>(metadata[StatusKey]),
        DateTimeOffset.ParseExact(metadata[CreatedKey], "O", null),
        DateTimeOffset.ParseExact(metadata[UpdatedKey], "O", null),
        metadata[ActiveKey] == "1",
        metadata[TagsKey] == "1");
}
