namespace StandIns.Api.Tests.Samples;

[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, Inherited = false)]
public sealed class SampleAttribute : Attribute;
