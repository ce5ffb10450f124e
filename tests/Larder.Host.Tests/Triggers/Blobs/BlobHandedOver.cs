namespace Larder.Host.Tests.Triggers.Blobs;

/// <summary>One call of a function with a blob.</summary>
/// <param name="Function">The function.</param>
/// <param name="Name">The blob's part of its path.</param>
/// <param name="Text">Its content.</param>
/// <param name="Try">Which try it is, from 0 on.</param>
internal sealed record BlobHandedOver(string Function, string Name, string Text, int Try = 0);
