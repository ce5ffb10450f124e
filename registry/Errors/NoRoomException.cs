namespace Larder.Registry.Errors;

/// <summary>There is no room on the server's disk at this moment: the same may be taken later (507).</summary>
public sealed class NoRoomException(string message) : TooLargeException(message);
