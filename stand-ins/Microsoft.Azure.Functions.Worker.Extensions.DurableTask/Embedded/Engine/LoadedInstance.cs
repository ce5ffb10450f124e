namespace Microsoft.DurableTask.Embedded;

/// <summary>An instance that was read from storage.</summary>
/// <param name="Stored">It as it stands there.</param>
/// <param name="History">Its episodes.</param>
internal sealed record LoadedInstance(StoredInstance Stored, IReadOnlyList<Episode> History);
