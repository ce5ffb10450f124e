namespace StandIns.Api.Tests.Samples;

public interface ISample
{
    string? Name { get; }
}
