namespace Larder.Testing.Arm;

/// <summary>What came to an <see cref="ArmServer"/>, and what it answered.</summary>
/// <param name="Method">GET, PUT ...</param>
/// <param name="Path">Path of the address.</param>
/// <param name="Query">Query of the address, from the question mark.</param>
/// <param name="UserAgent">Who sent it.</param>
/// <param name="Body">What was sent.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Answer">Body of the answer.</param>
public sealed record ArmRequest(string Method, string Path, string Query, string UserAgent, string Body, int Status, string Answer);
