namespace Larder.Registry.Errors;

/// <summary>
/// What is stored was written by a newer release, in a format that this one does not know (503: a host of that release can answer). It stays as it is.
/// </summary>
/// <param name="collection">The collection that has the document.</param>
/// <param name="format">Its format.</param>
/// <param name="known">The last format that this release knows.</param>
public sealed class NewerDocumentException(string collection, int format, int known) : RegistryException(FormattableString.Invariant(
    $"A newer release of Larder has written what is stored in {collection}: in format {format}, where this release knows {known} at most. It stays as it is; upgrade this server to read it."));
