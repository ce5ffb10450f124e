namespace Larder.Registry.Storage;

/// <summary>Part of a listing.</summary>
/// <param name="Documents">At most as many as were asked for; fewer, even none, do not mean the end.</param>
/// <param name="Continuation">Asks for the next page; null at the end.</param>
/// <typeparam name="T">Type of the documents' content.</typeparam>
public sealed record DocumentPage<T>(IReadOnlyList<Document<T>> Documents, string? Continuation);
