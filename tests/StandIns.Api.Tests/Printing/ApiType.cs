namespace StandIns.Api.Tests.Printing;

/// <summary>A public type as the listings have it.</summary>
/// <param name="Header">Its line: <c>public sealed class Some.Name : Base, IFace</c>.</param>
/// <param name="Members">A line each, without indentation.</param>
public sealed record ApiType(string Header, IReadOnlyList<string> Members);
