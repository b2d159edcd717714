"""APPSeCONNECT adapters: their project files, C# source and compiled assembly, read without .NET."""
